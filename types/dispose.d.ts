// For compilers and `@types/node` from before `await using` (TypeScript 5.2, `@types/node` 18.18), which do not
// know the symbol. Where they do, this is the same declaration once more.

declare global {
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
}

export {}
