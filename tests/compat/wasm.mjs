// Answers questions with onnxruntime-web: node wasm.mjs MODULES QUESTIONS
//
// MODULES is the folder that npm installed into; QUESTIONS holds questions.json, a list of
// {name, model, level, inputs: [{name, file, kind, dims}]}, and the files that it names.
// Prints a line for each: name, level, SHA-256 of all outputs in the graph's order; or "error" and
// the reason in place of the sum.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, folder] = process.argv.slice(2);
const ort = createRequire(join(modules, "package.json"))("onnxruntime-web");
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

const read = (name) => new Uint8Array(readFileSync(join(folder, name)));

async function answer({ model, level, inputs }) {
  const session = await ort.InferenceSession.create(read(model), {
    executionProviders: ["wasm"],
    graphOptimizationLevel: level,
  });
  const feeds = {};
  for (const { name, file, kind, dims } of inputs) {
    const bytes = read(file);
    const values = kind === "int8" ? new Int8Array(bytes.buffer) : bytes;
    feeds[name] = new ort.Tensor(kind, values, dims);
  }
  const outputs = await session.run(feeds);
  const digest = createHash("sha256");
  for (const name of session.outputNames) {
    const { data } = outputs[name];
    digest.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  await session.release();
  return digest.digest("hex");
}

for (const question of JSON.parse(readFileSync(join(folder, "questions.json"), "utf8"))) {
  let sum;
  try {
    sum = await answer(question);
  } catch (error) {
    sum = `error ${String(error.message ?? error).replace(/\s+/g, " ")}`;
  }
  console.log([question.name, question.level, sum].join("\t"));
}
