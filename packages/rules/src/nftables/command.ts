import type { Element } from "./elements.ts";
import type { NftSet } from "./service-chains.ts";

/** What becomes of a packet. */
export type NftVerdict = "drop" | "return" | { readonly goto: string };

/** An address and port to which packets are translated. */
export interface NftTarget {
  readonly ip: string;
  readonly port: number;
}

/** Of the numbers drawn, those from `first` to `last` lead to one thing. */
export interface NftShare<T> {
  readonly first: number;
  readonly last: number;
  readonly to: T;
}

/** A random number below `modulus`, and where each leads; the shares follow each other from 0 on. */
export interface NftDraw<T> {
  readonly modulus: number;
  readonly shares: readonly NftShare<T>[];
}

/** A match or an action in a rule of a Service's chain. */
export type NftStatement =
  | { readonly kind: "protocol"; readonly protocol: "tcp" | "udp" }
  | { readonly kind: "source-in"; readonly cidr: string }
  | { readonly kind: "source-outside"; readonly ranges: readonly string[] }
  | { readonly kind: "source-local" }
  | { readonly kind: "source-known"; readonly set: string }
  | { readonly kind: "remember-source"; readonly set: string }
  | { readonly kind: "mark" }
  | { readonly kind: "verdict"; readonly verdict: NftVerdict }
  | { readonly kind: "translate"; readonly to: NftTarget }
  | { readonly kind: "draw-target"; readonly draw: NftDraw<NftTarget> }
  | { readonly kind: "draw-verdict"; readonly draw: NftDraw<NftVerdict> };

/** A rule, without the words `add rule ip kube-proxy CHAIN`. */
export interface NftRule {
  readonly statements: readonly NftStatement[];
  readonly comment?: string;
}

/**
 * A command to the kernel about the table kube-proxy. `line` is one that only a whole sync writes,
 * in the words of nft; all others say what they do, so that they can also be put otherwise.
 */
export type NftCommand =
  | { readonly do: "line"; readonly text: string }
  | { readonly do: "add-chain" | "flush-chain" | "delete-chain"; readonly chain: string }
  | { readonly do: "add-rule"; readonly chain: string; readonly rule: NftRule }
  | { readonly do: "add-set"; readonly set: NftSet }
  | { readonly do: "delete-set"; readonly name: string }
  | { readonly do: "add-element"; readonly element: Element }
  | { readonly do: "delete-element"; readonly element: Pick<Element, "of" | "key"> };
