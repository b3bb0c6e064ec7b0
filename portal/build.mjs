// Bundles style, script, fonts and icons into dist/, which Go embeds. Names carry a hash of what is in the file, so
// that browsers may keep a file for ever; manifest.json says which name is which file's. Run after
// `npm ci --ignore-scripts`; the same sources give the same bytes.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';

const out = 'dist';
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const result = await build({
  entryPoints: { app: 'web/app.css', portal: 'web/portal.js' },
  outdir: out, bundle: true, minify: true, format: 'iife', target: ['es2022'], legalComments: 'none', logLevel: 'warning',
  entryNames: '[name]-[hash]', assetNames: 'fonts/[name]-[hash]', metafile: true,
  loader: { '.woff2': 'file', '.woff': 'empty' },
});

const names = {};
for (const [path, info] of Object.entries(result.metafile.outputs)) {
  if (info.entryPoint) names[info.entryPoint.replace('web/', '')] = path.replace('dist/', '');
}

// The icons are lucide's, one symbol each; a name that a template uses and that is not here shows as nothing, which
// the tests of the pages look for.
const icons = [
  'archive', 'arrow-left', 'badge-check', 'bell', 'book-open', 'building-2', 'calendar-check', 'calendar-days', 'chart-line', 'check', 'chevron-left', 'circle-check',
  'circle-dot', 'circle-minus', 'clock', 'copy', 'download', 'external-link', 'eye', 'file-check', 'file-down', 'file-text', 'fingerprint', 'flag',
  'handshake', 'history', 'hourglass', 'inbox', 'info', 'key-round', 'keyboard', 'landmark', 'languages', 'layout-dashboard',
  'library', 'link', 'link-2', 'list-checks', 'list-filter', 'lock', 'log-in', 'log-out', 'mail', 'mail-open', 'megaphone', 'message-square-plus', 'menu', 'minus', 'network',
  'octagon-alert', 'paperclip', 'pen-line', 'plus', 'printer', 'radio', 'refresh-cw', 'reply', 'scroll-text', 'search', 'send', 'settings',
  'shield-check', 'stamp', 'trash-2', 'triangle-alert', 'undo-2', 'unlink', 'upload', 'users', 'wifi-off', 'x', 'zap',
];
const symbols = await Promise.all(icons.map(async (name) => {
  const svg = await readFile(`node_modules/lucide-static/icons/${name}.svg`, 'utf8');
  const inner = svg.replace(/^[\s\S]*?<svg[^>]*>/, '').replace(/<\/svg>[\s\S]*$/, '').replace(/\s+/g, ' ').trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`;
}));
await write('icons.svg', `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`);
await write('mark.svg', await readFile('web/mark.svg', 'utf8'));
// The licences ask that their text goes wherever the fonts, icons and script go.
const packages = ['htmx.org', 'lucide-static', '@fontsource/ibm-plex-sans-arabic', '@fontsource/ibm-plex-serif', '@fontsource-variable/noto-naskh-arabic'];
const licences = await Promise.all(packages.map(async (name) => `${name}\n\n${await readFile(`node_modules/${name}/LICENSE`, 'utf8')}`));
await write('licences.txt', licences.join('\n\n'));
await writeFile(`${out}/manifest.json`, JSON.stringify(names, Object.keys(names).sort(), 2) + '\n');

let bytes = 0;
for (const f of await readdir(out, { recursive: true, withFileTypes: true })) {
  if (f.isFile()) bytes += (await readFile(`${f.parentPath ?? f.path}/${f.name}`)).length;
}
console.log(`portal/dist: ${(bytes / 1024).toFixed(0)} kB`);

async function write(name, text) {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8).toUpperCase();
  names[name] = name.replace('.', `-${hash}.`);
  await writeFile(`${out}/${names[name]}`, text);
}
