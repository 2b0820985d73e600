import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { startServer } from '#apps/standalone';
import { createLogger, loadConfig } from '#libs/platform';

jest.setTimeout(120_000);

describe('a port that is taken', () => {
  it('ends the start of a server, with its PostgreSQL and all that had begun', async () => {
    const home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-port-'));
    chmodSync(home, 0o711);
    const other = net.createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const PORT = String((other.address() as net.AddressInfo).port);
    const start = (port: string) =>
      startServer(loadConfig({ QADAGA_HOME: home, PORT: port }), { logger: createLogger({ level: 'silent' }) });
    try {
      await expect(start(PORT)).rejects.toMatchObject({ code: 'EADDRINUSE' });
      const server = await start('0');
      expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
      await server.close();
    } finally {
      other.close();
      rmSync(home, { recursive: true, force: true });
    }
  });
});
