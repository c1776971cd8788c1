import { expect, it } from "vitest";
import { shareQuestion } from "./shared-question.ts";

/** A question whose answers come when the test says so: 1, 2, 3 … in order. */
function openQuestion() {
  const asked: PromiseWithResolvers<number>[] = [];
  const ask = shareQuestion(() => {
    const answer = Promise.withResolvers<number>();
    asked.push(answer);
    return answer.promise;
  });
  const answer = async (): Promise<void> => {
    asked.at(-1)?.resolve(asked.length);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { ask, asked, answer };
}

it("gives nobody the answer to a question that was asked before he came", async () => {
  const { ask, asked, answer } = openQuestion();
  const first = ask();
  const late = [ask(), ask()];
  expect(asked).toHaveLength(1);
  await answer();
  expect(asked).toHaveLength(2);
  await answer();
  expect(await Promise.all([first, ...late])).toEqual([1, 2, 2]);
});

it("asks anew when nothing is under way, also after a failure", async () => {
  const { ask, asked, answer } = openQuestion();
  const failing = ask();
  const waiting = ask();
  asked[0]?.reject(new Error("away"));
  await expect(failing).rejects.toThrow("away");
  await answer();
  expect(await waiting).toBe(2);
  const again = ask();
  await answer();
  expect(await again).toBe(3);
});
