// The page lies embedded in the agent, so each file is compressed here once, as well as can be, instead of with each request.
// Names of assets carry a hash of their content: they may be kept by browsers for ever.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const smallest = 512; // bytes; below that a compressed file saves nothing

function compress(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) compress(path);
    else if (/\.(html|js|css|svg|json)$/.test(name) && statSync(path).size >= smallest) {
      const content = readFileSync(path);
      writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      writeFileSync(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
    }
  }
}

function compressed(): Plugin {
  let folder = '';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved(config) { folder = config.build.outDir; },
    closeBundle() { compress(folder); },
  };
}

export default defineConfig({
  plugins: [react(), compressed()],
  build: {
    target: 'es2022',
    // Nothing is put into the page itself: the agent's content security policy refuses it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  // `npm run dev` beside an agent: HAMIRROR_AGENT=http://localhost:9010
  server: { proxy: { '/v1': process.env['HAMIRROR_AGENT'] ?? 'http://localhost:9010', '/health': process.env['HAMIRROR_AGENT'] ?? 'http://localhost:9010' } },
});
