/**
 * Replaces `$(NAME)` by the variable's value; `$$(NAME)` gives `$(NAME)`, and what names no known
 * variable stays as it is (source: k8s.io/kubernetes third_party/forked/golang/expansion).
 */
export function expandVariables(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, after: string, name: string | undefined) => {
    if (after === "$") return "$";
    return name !== undefined && Object.hasOwn(values, name) ? (values[name] ?? "") : whole;
  });
}
