import leven from "leven";

/** Words further away than this many letters are no misspelling. */
const MOST_CHANGES = 3;

/**
 * The word that was probably meant: the one with the least insertions, deletions and changes of a
 * letter between them, at most three, and less than half of the
 * word unless it is one. Undefined when none is near.
 */
export function closestWord(word: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let distance = Math.min(MOST_CHANGES + 1, Math.max(2, Math.ceil(word.length / 2)));
  for (const candidate of words) {
    const changes = leven(word, candidate);
    if (changes === 0 || changes >= distance) continue;
    best = candidate;
    distance = changes;
  }
  return best;
}
