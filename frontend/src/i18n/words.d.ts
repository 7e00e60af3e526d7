/** The words of a language in two parts, made by `vite.config.ts`. */
declare module 'virtual:words/*' {
  const words: object
  export default words
}
