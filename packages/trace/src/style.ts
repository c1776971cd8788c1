import { styleText } from "node:util";

/** Marks text on terminals; gives it unchanged elsewhere. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  /** Addresses and names to look for. */
  accent(text: string): string;
}

/** Styles with colours, or none. */
export function createStyle(colour: boolean): Style {
  const mark =
    (format: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      colour ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: mark("bold"),
    dim: mark("dim"),
    good: mark("green"),
    bad: mark("red"),
    accent: mark("cyan"),
  };
}
