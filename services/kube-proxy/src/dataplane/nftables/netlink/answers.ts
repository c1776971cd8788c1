import { MESSAGE } from "./constants.ts";

/** What the kernel says of one message: 0 for an acknowledgement, otherwise minus an errno. */
export interface Answer {
  /** The number of the message that is meant. */
  readonly sequence: number;
  readonly error: number;
}

const HEADER = 16;
const ERROR_MESSAGE = 20;

/** Reads what the kernel has put into one datagram; what are no answers to messages is passed over. */
export function readAnswers(datagram: Buffer): Answer[] {
  const answers: Answer[] = [];
  for (let at = 0; at + HEADER <= datagram.length;) {
    const length = datagram.readUInt32LE(at);
    const isAnswer = datagram.readUInt16LE(at + 4) === MESSAGE.NLMSG_ERROR;
    if (length < HEADER || at + length > datagram.length) break;
    if (isAnswer && length >= ERROR_MESSAGE) {
      const sequence = datagram.readUInt32LE(at + 8);
      answers.push({ sequence, error: datagram.readInt32LE(at + HEADER) });
    }
    at += Math.ceil(length / 4) * 4;
  }
  return answers;
}
