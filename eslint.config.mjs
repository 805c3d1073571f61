import js from '@eslint/js'
import stylistic from '@stylistic/eslint-plugin'
import globals from 'globals'

export default [
  { ignores: ['target/', 'demo/data/', 'examples/*/dist/', 'examples/*/.next/'] },
  js.configs.recommended,
  stylistic.configs.customize({
    braceStyle: '1tbs',
    commaDangle: 'never',
    indent: 2,
    quotes: 'single',
    semi: false
  }),
  {
    languageOptions: { ecmaVersion: 2023, sourceType: 'commonjs', globals: globals.node },
    rules: {
      // Bugs that `recommended` lets pass.
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-implicit-globals': 'error',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unused-vars': ['error', { args: 'after-used', caughtErrors: 'all', ignoreRestSiblings: true }],
      'no-use-before-define': ['error', { functions: false, classes: false, variables: false }],
      'no-var': 'error',
      'prefer-const': ['error', { destructuring: 'all' }],
      strict: ['error', 'global'],

      // As `standard` has it.
      '@stylistic/arrow-parens': ['error', 'as-needed'],
      '@stylistic/indent-binary-ops': 'off',
      '@stylistic/max-len': ['error', {
        code: 120,
        comments: 110,
        ignoreRegExpLiterals: true,
        ignoreStrings: true,
        ignoreTemplateLiterals: true,
        ignoreUrls: true
      }],
      '@stylistic/max-statements-per-line': ['error', { max: 2 }],
      '@stylistic/multiline-ternary': 'off',
      '@stylistic/operator-linebreak': 'off',
      '@stylistic/quote-props': ['error', 'as-needed'],
      '@stylistic/quotes': ['error', 'single', { avoidEscape: true }],
      '@stylistic/space-before-function-paren': ['error', 'always']
    }
  },
  {
    // What is published. Jest before 27.1 takes `node:fs` for the name of a file, and its tests lack some
    // globals.
    files: ['*.js', 'bin/**', 'lib/**'],
    rules: {
      'no-restricted-globals': ['error', 'AbortController', 'AbortSignal', 'performance', 'structuredClone'],
      'no-restricted-syntax': ['error', {
        selector: "CallExpression[callee.name='require'] > Literal[value=/^node:/]",
        message: 'Jest before 27.1 does not know the prefix `node:`. Use the plain name.'
      }]
    }
  },
  {
    // As their readers write them.
    files: ['examples/**'],
    rules: { strict: 'off' }
  },
  {
    files: ['examples/*/*.test.*'],
    languageOptions: { globals: globals.vitest }
  },
  {
    files: ['examples/nextjs/pages/**'],
    languageOptions: { sourceType: 'module', parserOptions: { ecmaFeatures: { jsx: true } } }
  },
  {
    files: ['**/*.mjs', 'examples/esm/**'],
    languageOptions: { sourceType: 'module' },
    rules: { strict: 'off' }
  },
  {
    // What browsers run.
    files: ['demo/public/**'],
    languageOptions: { sourceType: 'module', globals: { ...globals.browser, process: 'off', require: 'off', module: 'off' } },
    rules: { strict: 'off' }
  },
  {
    // Some functions in it are run in the page.
    files: ['__test__/demo/**', '__test__/helpers/browser.js'],
    languageOptions: { globals: globals.browser }
  }
]
