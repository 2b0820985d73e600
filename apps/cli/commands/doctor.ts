import { asJson, examine, openHouse, serverEngine } from '#libs/assembly';
import { configOfExisting } from '../existing-house.js';

/** `qadaga doctor`: exit 0 when nothing is bad. It joins a running server's database or starts the embedded one. */
export async function doctorCommand(flags: { readonly json?: boolean }): Promise<number> {
  const opened = await openHouse(configOfExisting(), { projector: false });
  try {
    const { engine, stop } = serverEngine(opened, () => {});
    const findings = await examine(opened, await engine.status());
    await stop();
    if (flags.json) process.stdout.write(`${JSON.stringify(asJson(findings), null, 2)}\n`);
    else
      for (const { name, state, words } of findings)
        process.stdout.write(`${state === 'bad' ? '!' : state === 'good' ? '+' : ' '} ${name}: ${words}\n`);
    return findings.some((one) => one.state === 'bad') ? 1 : 0;
  } finally {
    await opened.close();
  }
}
