// Bundles the charts of staff pages into public/charts/charts.HASH.js, with what a server sends compressed beside it.
// script/setup runs it; it does nothing while neither the sources nor the packages changed.
//
//   node charts/build.mjs
//
// Not in public/js: Tailwind looks for its classes there.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const out = join(root, 'public/charts');

const listed = (folder) => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
const changed = (path) => statSync(path).mtimeMs;
const made = listed(out);
const inputs = [...listed(here).map((name) => join(here, name)), join(root, 'package-lock.json')];
const complete = made.length === 4 && made.filter((name) => /^charts\.[0-9a-f]{16}\.js$/.test(name)).length === 1;
const oldest = Math.min(...made.map((name) => changed(join(out, name))));
if (complete && inputs.every((path) => changed(path) < oldest)) process.exit(0);

const { build } = await import('esbuild');
const packages = ['echarts', 'zrender', 'tslib'];
const folder = (name) => join(root, 'node_modules', name);
const versions = packages.map((name) => `${name} ${JSON.parse(readFileSync(join(folder(name), 'package.json'), 'utf8')).version}`);
const { outputFiles } = await build({
  entryPoints: [join(here, 'chart.js')],
  bundle: true,
  minify: true,
  format: 'esm',
  // Style sheets of a script's own and private methods: Chrome 84, Firefox 101, Safari 16.4.
  target: ['chrome111', 'firefox114', 'safari16.4'],
  define: { 'process.env.NODE_ENV': '"production"' },
  banner: { js: `/*! With ${versions.join(', ')}: /charts/licenses.txt */` },
  legalComments: 'none',
  write: false,
  logLevel: 'warning',
});
const code = Buffer.from(outputFiles[0].contents);
const name = `charts.${createHash('sha256').update(code).digest('hex').slice(0, 16)}.js`;
const brotli = brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: code.length } });
const licenses = packages.flatMap((one) =>
  ['LICENSE', 'LICENSE.txt', 'NOTICE']
    .filter((file) => listed(folder(one)).includes(file))
    .map((file) => `${one}: ${file}\n\n${readFileSync(join(folder(one), file), 'utf8')}`),
);

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
writeFileSync(join(out, `${name}.br`), brotli);
writeFileSync(join(out, `${name}.gz`), gzipSync(code, { level: 9 }));
writeFileSync(join(out, 'licenses.txt'), licenses.join('\n\n'));
writeFileSync(join(out, name), code);
console.log(`    ${name}: ${code.length} bytes, ${brotli.length} with brotli`);
