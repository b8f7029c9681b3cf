// Reads a .automerge file with @automerge/automerge and prints what it says: heads, number of changes, and all visible values
// of each key with their type, the one in force first.
//
//     node document.js DIRECTORY_WITH_NODE_MODULES FILE
"use strict";

const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");

const [directory, file] = process.argv.slice(2);
const Automerge = createRequire(join(directory, "package.json"))("@automerge/automerge");

function typed(value, conflicting = false) {
  if (value === null) return ["null", null];
  if (typeof value === "boolean") return ["bool", value];
  if (typeof value === "number" || typeof value === "bigint") return ["int", String(value)];
  if (value instanceof Uint8Array) return ["bytes", Buffer.from(value).toString("hex")];
  // Texts are scalars, not the collaborative texts that are plain strings in a document; among conflicts both are plain.
  if (Automerge.isImmutableString(value)) return ["text", value.toString()];
  if (conflicting && typeof value === "string") return ["text", value];
  throw new Error(`a value of another type: ${typeof value}`);
}

// "12@ab" and "3@cd" as Automerge orders them, the greater first.
function byOperation([a], [b]) {
  const [[counterA, actorA], [counterB, actorB]] = [a.split("@"), b.split("@")];
  return counterB - counterA || (actorA < actorB ? 1 : -1);
}

const document = Automerge.load(readFileSync(file));
const keys = {};
for (const key of Object.keys(document)) {
  const inForce = typed(document[key]);
  const conflicts = Automerge.getConflicts(document, key);
  keys[key] = conflicts ? Object.entries(conflicts).sort(byOperation).map(([, value]) => typed(value, true)) : [inForce];
  if (JSON.stringify(keys[key][0]) !== JSON.stringify(inForce)) throw new Error(`${key}: another value is in force`);
}
const again = Automerge.load(Automerge.save(document));
const heads = Automerge.getHeads(document).sort();
if (JSON.stringify(Automerge.getHeads(again).sort()) !== JSON.stringify(heads)) throw new Error("saved again, it has other heads");
const changes = Automerge.getAllChanges(document).length;
console.log(JSON.stringify({ heads, changes, keys }));
