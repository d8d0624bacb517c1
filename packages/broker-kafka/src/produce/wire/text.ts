/** Keys and headers are short and mostly ASCII: for those a loop is cheaper than a native call. */
const loopCharsMax = 48;

export function textSize(text: string): number {
  return isShortAscii(text) ? text.length : Buffer.byteLength(text);
}

/** Writes UTF-8; answers the offset behind it. */
export function writeText(target: Buffer, text: string, offset: number): number {
  if (text.length > loopCharsMax) return offset + target.write(text, offset);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x80) return offset + target.write(text, offset);
    target[offset + index] = code;
  }
  return offset + text.length;
}

function isShortAscii(text: string): boolean {
  if (text.length > loopCharsMax) return false;
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) >= 0x80) return false;
  }
  return true;
}
