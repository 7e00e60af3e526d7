/** The words of a language in two parts, made by `vite.config.ts`. */
declare module 'virtual:words/*' {
  /** Messages that the build took apart, and plain texts, which it left as they are. */
  interface Words {
    [key: string]: string | Words
  }
  const words: Words
  export default words
}
