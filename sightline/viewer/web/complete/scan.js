/** Where the caret of a query stands: inside which brackets, after which words, in which string. */

/** @typedef {{ kind: "word" | "string" | "number" | "open" | "close" | "op", text: string, start: number, end: number }} Token */
/**
 * @typedef {object} Place
 * @property {Token[]} before whole tokens before the caret, without the one being written
 * @property {string} prefix what is being written, without an opening quote
 * @property {number} from where it begins
 * @property {number} to where it ends, behind the caret
 * @property {string} quote the quote of the string that the caret is in, or nothing
 * @property {boolean} quoted the string is closed behind the caret
 * @property {{ bracket: string, before: Token | undefined, inside: Token[] }[]} open brackets around the caret, the outermost first
 */

const STRING = /"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?/y;
const SPACE = /(?:\s|#[^\n]*)+/y;
const NUMBER = /\d[\w.]*/y;
const OPERATOR = /=~|!~|!=|==|>=|<=|>>|<<|&&|\|\||\|=|\|~|[^\s]/y;

/** @param {string} text @param {RegExp} word sticky @returns {Token[]} */
export function scan(text, word) {
  /** @type {Token[]} */
  const tokens = [];
  let at = 0;
  const take = (/** @type {RegExp} */ pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? "";
  };
  while (at < text.length) {
    at += take(SPACE).length;
    if (at >= text.length) break;
    const [kind, found] = /** @type {[Token["kind"], string]} */ ([["string", take(STRING)], ["number", take(NUMBER)], ["word", take(word)]].find(([, each]) => each) ?? ["op", take(OPERATOR)]);
    const named = kind !== "op" ? kind : /[({[]/.test(found) ? "open" : /[)}\]]/.test(found) ? "close" : "op";
    tokens.push({ kind: named, text: found, start: at, end: at + found.length });
    at += found.length;
  }
  return tokens;
}

/** @param {Token} token */
const isUnclosed = ({ kind, text }) => kind === "string" && (text.length === 1 || text.at(-1) !== text[0] || /(?:^|[^\\])(?:\\\\)*\\.$/.test(text));

/** @param {string} text @param {number} caret @param {RegExp} word sticky @returns {Place} */
export function placeOf(text, caret, word) {
  const tokens = scan(text.slice(0, caret), word);
  const last = tokens.at(-1);
  const rest = text.slice(caret);
  if (last && isUnclosed(last)) {
    const quote = last.text[0];
    const ahead = new RegExp(`^(?:\\\\.|[^${quote}\\\\\\s,}])*`).exec(rest)?.[0].length ?? 0;
    return { before: tokens.slice(0, -1), prefix: last.text.slice(1), from: last.start + 1, to: caret + ahead, quote, quoted: rest[ahead] === quote, open: around(tokens.slice(0, -1)) };
  }
  const isWriting = last && (last.kind === "word" || last.kind === "number") && last.end === caret;
  const before = isWriting ? tokens.slice(0, -1) : tokens;
  const ahead = isWriting ? (/^[\w.:]*/.exec(rest)?.[0].length ?? 0) : 0;
  return { before, prefix: isWriting ? last.text : "", from: isWriting ? last.start : caret, to: caret + ahead, quote: "", quoted: false, open: around(before) };
}

/** @param {Token[]} tokens */
function around(tokens) {
  /** @type {Place["open"]} */
  const open = [];
  tokens.forEach((token, index) => {
    if (token.kind === "close") open.pop();
    for (const each of open) each.inside.push(token);
    if (token.kind === "open") open.push({ bracket: token.text, before: tokens[index - 1], inside: [] });
  });
  return open;
}
