import { resolve } from "node:path";
import { CorefileError } from "./corefile/corefile-error.ts";
import type { Directive } from "./corefile/directive.ts";
import type { ServerBlock } from "./corefile/parser.ts";
import { parseServerKey, type ServerKey } from "./corefile/server-key.ts";
import type { PluginInstance, ProcessContext, SetupContext } from "./plugin.ts";
import { plugins } from "./plugins/index.ts";

/** A server block whose plugins are set up, in the fixed order. */
export interface BuiltBlock {
  readonly block: ServerBlock;
  readonly keys: readonly ServerKey[];
  /** The name of its view; empty without one. */
  readonly view: string;
  readonly plugins: ReadonlyMap<string, PluginInstance>;
}

/** What blocks are built with. */
export interface BlockOptions {
  readonly context: ProcessContext;
  /** The port of a `dns://` key without one. */
  readonly defaultPort: number;
  notReady(options: { again: boolean }): readonly string[];
}

/**
 * Sets up the plugins of a block; nothing is opened. Throws CorefileError for an unknown directive
 * and for what a plugin does not understand.
 */
export function buildBlock(block: ServerBlock, options: BlockOptions): BuiltBlock {
  const { context, defaultPort, notReady } = options;
  const keys = block.keys.flatMap((key) => parseServerKey(key, defaultPort));
  const byName = Map.groupBy(block.directives, ({ name }) => name);
  for (const [name, [first]] of byName) if (!isKnown(name)) throw unknownDirective(first);
  const built = new Map<string, PluginInstance>();
  const setup: SetupContext = {
    ...context,
    folder: folderOf(byName.get("root")?.[0], context.folder),
    zones: [...new Set(keys.map(({ zone }) => zone))],
    view: byName.get("view")?.[0]?.args[0]?.text ?? "",
    notReady,
    siblings: () => built,
  };
  for (const plugin of plugins) {
    const directives = byName.get(plugin.name);
    if (directives !== undefined) built.set(plugin.name, plugin.setup(directives, setup));
  }
  return { block, keys, view: setup.view, plugins: built };
}

/** The names of all plugins there are, in their order. */
export function pluginNames(): readonly string[] {
  return plugins.map(({ name }) => name);
}

/** Where the block's relative paths start: `root`, else the Corefile's folder. */
function folderOf(root: Directive | undefined, folder: string): string {
  return resolve(folder, root?.args[0]?.text ?? ".");
}

function isKnown(name: string): boolean {
  return plugins.some((plugin) => plugin.name === name);
}

function unknownDirective(directive: Directive | undefined): Error {
  if (directive === undefined) return new Error("a directive has no place");
  const { name, position } = directive;
  const text = `Unknown directive '${name}'; expected one of ${pluginNames().join(", ")}`;
  return new CorefileError(position, text);
}
