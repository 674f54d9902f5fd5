// Fails unless two scripts are the same program: they may differ only in spaces, line breaks and needless semicolons.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, ...files] = process.argv.slice(2);
const { parse } = createRequire(modules)("acorn");
const PLACE = new Set(["start", "end"]);
const programOf = (file) =>
  JSON.stringify(parse(readFileSync(file, "utf8"), { ecmaVersion: 2022 }), (key, value) => {
    if (PLACE.has(key)) return undefined;
    return value instanceof RegExp ? String(value) : value;
  });
const [first, second] = files.map(programOf);
if (first !== second) throw new Error(`${files.join(" and ")} are not the same program.`);
