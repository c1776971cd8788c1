/** Where a proxied page stands: the backend it came from, and its path through the API server. */
export interface ProxiedPage {
  /** `host:port` of the backend. */
  readonly backend: string;
  /** The API server's path of the backend's root, without a slash at its end. */
  readonly prefix: string;
}

/**
 * A link of the backend as the client must follow it: one to the backend itself goes through the
 * API server, others stay (source: apimachinery/pkg/util/proxy/transport.go).
 */
export function rewriteLink(link: string, { backend, prefix }: ProxiedPage): string {
  if (link.startsWith("//") || !link.startsWith("/")) {
    if (!URL.canParse(link)) return link;
    const url = new URL(link);
    if (!/^https?:$/.test(url.protocol) || url.host !== backend) return link;
    return `${prefix}${url.pathname}${url.search}${url.hash}`;
  }
  return link === prefix || link.startsWith(`${prefix}/`) ? link : `${prefix}${link}`;
}

const LINKS =
  /(<[a-z][^<>]*?\s(?:action|archive|background|cite|classid|codebase|data|formaction|href|icon|longdesc|manifest|poster|profile|src|usemap)\s*=\s*)("[^"<>]*"|'[^'<>]*')/gi;

/** A page of HTML with the links in its tags rewritten. */
export function rewriteHtml(html: string, page: ProxiedPage): string {
  return html.replaceAll(LINKS, (_all, head: string, quoted: string) => {
    const quote = quoted.slice(0, 1);
    return `${head}${quote}${rewriteLink(quoted.slice(1, -1), page)}${quote}`;
  });
}
