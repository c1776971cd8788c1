import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTestQuery } from "../../testing/plugin-fixture.ts";
import { compileExpression } from "./expression.ts";
import { ExpressionError } from "./lexer.ts";

const QUERY = createTestQuery("Www.Example.org.", "AAAA", {
  id: 7,
  size: 45,
  edns: { udpSize: 4_096, version: 0, dnssecOk: true, options: [] },
  metadata: (_query, label) => (label === "kubernetes/client-namespace" ? "prod" : undefined),
});

const evaluate = (text: string) => compileExpression(text)({ query: QUERY });

describe("view expressions", () => {
  it.each([
    ["incidr(client_ip(), '192.0.2.0/24')", true],
    ["incidr(client_ip(), '10.0.0.0/8')", false],
    ["incidr(client_ip(), 'nonsense')", undefined],
    ["incidr('999.0.0.1', '10.0.0.0/8')", undefined],
    ["type() == 'AAAA'", true],
    ["type() in ['A', 'AAAA'] && !(name() endsWith '.com.')", true],
    ["name() == 'www.example.org.'", true],
    ["name() matches '^www\\\\.'", true],
    ["name() matches `^www\\.`", true],
    ["not (name() contains 'example') or id() > 6", true],
    ["bufsize() == 4096 and do()", true],
    ["class() == 'IN' && opcode() == 0 && proto() == 'udp'", true],
    ["port() == '40000' && server_ip() == '192.0.2.53' && server_port() == '53'", true],
    ["size() + 2 * 3 - 1 == 50", true],
    ["7 % 4 == 3 && 8 / 2 == 4 && -2 < +1", true],
    ["metadata('kubernetes/client-namespace') == 'prod'", true],
    ["metadata('none/there') == ''", true],
    ["id() in 5..8", true],
    ["id() not in [1, 2]", true],
    ["name() not startsWith 'x'", true],
    ["do() ? size() == 45 : false", true],
    ["'a' + \"b\" == 'ab' && [1, [2]] == [1, [2]]", true],
    ["true || nil == 1", true],
    ["true == 1 < 2", undefined],
    ["any(['10.0.0.0/8', '192.0.2.0/24'], incidr(client_ip(), #))", true],
    ["all([1, 2], # > 0) && none([1, 2], # > 2) && !all([1, 2], # > 1)", true],
    ["any([1, 2], any([2, 3], # == 3) && # == 2)", true],
    ["any(1, # == 1)", undefined],
    ["replace('1-2-3', '-', '.') == '1.2.3' && replace('a', 'a', '$&') == '$&'", true],
    ["upper('a') == 'A' && lower(type()) == 'aaaa' && len('abc') == 3 && len([1]) == 1", true],
    ["len(1)", undefined],
  ])("%s", (text, expected) => {
    if (expected === undefined) expect(() => evaluate(text)).toThrow(TypeError);
    else expect(evaluate(text)).toBe(expected);
  });

  it.each([
    ["", 0, "ends too soon"],
    ["type( == 1", 6, 'unexpected "=="'],
    ["nonsense()", 0, "there is no function nonsense; expected one of bufsize, class"],
    ["#", 0, "# stands in any, all and none"],
    ["any([1], 1) && # == 1", 15, "# stands in any, all and none"],
    ["group('a')", 0, "there is no function group"],
    ["constructor()", 0, "there is no function constructor"],
    ["name", 4, 'expected "(" and found the end'],
    ["name().length", 6, 'unexpected "."'],
    ["incidr(client_ip())", 0, "incidr takes 2 arguments"],
    ["'a' matches '('", 12, "Invalid regular expression"],
    ["'a' matches name()", 12, "expected a regular expression in quotes"],
    ["1 2", 2, 'unexpected "2"'],
    ["a = 1", 2, 'unexpected "="'],
    ["'open", 0, "unexpected"],
    ["(".repeat(100), 64, "nested more than 64 deep"],
    ["!".repeat(100), 64, "nested more than 64 deep"],
    ["1".repeat(5_000), 0, "longer than 4096 characters"],
  ])("refuses %s", (text, at, message) => {
    const error = catchError(() => compileExpression(text));
    expect(error).toBeInstanceOf(ExpressionError);
    expect((error as ExpressionError).message).toContain(message);
    expect((error as ExpressionError).at).toBe(at);
  });

  const WORDS = [
    ...'!<>()[],?:+-*/%`"\\'.split(""),
    ..."&& || == .. in not and matches contains 'x' name() id() incidr( metadata( any( # replace( true nil 1".split(
      " ",
    ),
    "99999999999",
    "\u{1F600}",
  ];

  it("gives a value, an ExpressionError or a TypeError for any text", () => {
    const word = fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        const error = catchError(() => evaluate(words.join(" ")));
        expect(error === undefined || isExpected(error)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

function isExpected(error: unknown): boolean {
  return error instanceof ExpressionError || error instanceof TypeError;
}

function catchError(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}
