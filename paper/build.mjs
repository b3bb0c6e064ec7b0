// Copies the fonts of the printed page into dist/, which Go embeds, with the licences that ask to go where the fonts go.
// Run after `npm ci --ignore-scripts`; the same packages give the same bytes.
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';

const out = 'dist';
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const from = 'node_modules/@expo-google-fonts';
const fonts = {
  'Amiri-Regular.ttf': 'amiri/400Regular/Amiri_400Regular.ttf',
  'Amiri-Bold.ttf': 'amiri/700Bold/Amiri_700Bold.ttf',
  'IBMPlexSerif-Regular.ttf': 'ibm-plex-serif/400Regular/IBMPlexSerif_400Regular.ttf',
  'IBMPlexSerif-SemiBold.ttf': 'ibm-plex-serif/600SemiBold/IBMPlexSerif_600SemiBold.ttf',
};
let bytes = 0;
for (const [name, path] of Object.entries(fonts)) {
  await copyFile(`${from}/${path}`, `${out}/${name}`);
  bytes += (await stat(`${out}/${name}`)).size;
}
const licences = await Promise.all(['amiri', 'ibm-plex-serif'].map(async (name) => `${name}\n\n${await readFile(`${from}/${name}/LICENSE_FONT`, 'utf8')}`));
await writeFile(`${out}/licences.txt`, licences.join('\n\n'));
console.log(`paper/dist: ${(bytes / 1024).toFixed(0)} kB`);
