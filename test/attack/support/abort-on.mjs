// Preloaded: whoever reads a text that is this word ends its process, as a bug in a library would.
const word = process.env.TEST_ABORT_ON;
const read = Buffer.prototype.toString;
Buffer.prototype.toString = function readText(...args) {
  const text = read.apply(this, args);
  if (text === word) process.abort();
  return text;
};
