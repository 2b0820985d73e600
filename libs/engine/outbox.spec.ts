import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { derivedId, instant } from '#libs/kernel';
import { createSmtpOutbox, greetMailServer, type Mail } from './index.js';
import { RecipientsRefusedError } from './outbox.js';

/** Speaks as much of SMTP as a client that sends one mail needs, and answers the mail as the test says. */
class MailServer {
  readonly taken: string[] = [];
  /** Whom it was told to bring mail to. */
  readonly named: string[] = [];
  answer: 'accept' | 'refuse' | 'cut' = 'accept';
  recipients = '250 yes';
  private readonly server: Server = createServer((socket) => this.speak(socket));

  static async start(): Promise<MailServer> {
    const one = new MailServer();
    one.server.listen(0, '127.0.0.1');
    await once(one.server, 'listening');
    return one;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }

  private speak(socket: Socket): void {
    let [text, inMail] = ['', false];
    socket.on('error', () => {}).setEncoding('utf8');
    socket.write('220 ready\r\n');
    socket.on('data', (chunk) => {
      text += String(chunk);
      for (;;) {
        const end = text.indexOf(inMail ? '\r\n.\r\n' : '\r\n');
        if (end === -1) return;
        const said = text.slice(0, end);
        text = text.slice(end + (inMail ? 5 : 2));
        if (inMail) {
          inMail = false;
          if (this.answer === 'refuse') socket.write('451 later\r\n');
          else {
            this.taken.push(said);
            if (this.answer === 'cut') return void socket.destroy();
            socket.write('250 taken\r\n');
          }
        } else if (/^DATA/i.test(said)) {
          inMail = true;
          socket.write('354 go on\r\n');
        } else if (/^QUIT/i.test(said)) socket.end('221 bye\r\n');
        else {
          if (/^RCPT/i.test(said)) this.named.push(said);
          socket.write(/^RCPT/i.test(said) ? `${this.recipients}\r\n` : '250 yes\r\n');
        }
      }
    });
  }
}

const mail: Mail = {
  alertId: derivedId('alert', 'test'),
  to: ['office@example.kz'],
  subject: 'Мерзім',
  text: 'Бүгін соңғы күн',
  date: instant('2021-04-12T04:00:00Z'),
};

describe('mail to a mail server', () => {
  let server: MailServer;
  beforeEach(async () => void (server = await MailServer.start()));
  afterEach(() => server.stop());
  const outbox = () => createSmtpOutbox({ url: server.url, from: 'qadaga@example.kz' });

  it('is handed over with what tells a second one from the first', async () => {
    await outbox().put(mail);
    const [first] = server.taken;
    expect(first).toContain(`Message-ID: <${mail.alertId}@qadaga>`);
    expect(first).toContain('From: qadaga@example.kz');
    expect(first).toContain('To: office@example.kz');
    expect(first).toMatch(/auto-submitted: auto-generated/i);
  });

  it('has no header or recipient that was slipped in with another text', async () => {
    const more = '\r\nBcc: thief@example.kz\r\n\r\nanother body';
    await outbox().put({ ...mail, subject: `x${more}`, to: [`office@example.kz${more}`] });
    const [taken] = server.taken;
    const headers = taken!.slice(0, taken!.indexOf('\r\n\r\n'));
    expect(headers).not.toMatch(/^bcc:/im);
    expect(headers).toContain('MIME-Version');
    expect(server.named.map((one) => /^RCPT TO:<thief/i.test(one))).toEqual([false]);
  });

  it('can be asked whether it is there', async () => {
    await greetMailServer(server.url);
    await expect(greetMailServer('smtp://127.0.0.1:1')).rejects.toThrow('ECONNREFUSED');
  });

  it('has not left when it is refused, or nobody is there', async () => {
    server.answer = 'refuse';
    await expect(outbox().put(mail)).rejects.toThrow('451');
    expect(server.taken).toEqual([]);
    const away = createSmtpOutbox({ url: 'smtp://127.0.0.1:1', from: 'qadaga@example.kz' });
    await expect(away.put(mail)).rejects.toThrow('ECONNREFUSED');
  });

  it('is told from mail that nobody there will ever read', async () => {
    server.recipients = '550 5.1.1 no such mailbox';
    await expect(outbox().put(mail)).rejects.toThrow(RecipientsRefusedError);
    server.recipients = '450 4.2.1 busy';
    await expect(outbox().put(mail)).rejects.toThrow('450');
  });

  it('whose fate is unknown is handed over again as the same mail', async () => {
    server.answer = 'cut';
    await expect(outbox().put(mail)).rejects.toThrow(/closed|socket|Connection/i);
    server.answer = 'accept';
    await outbox().put(mail);
    const ids = server.taken.map((one) => /^Message-ID: (.*)$/m.exec(one)?.[1]);
    expect(ids).toEqual([ids[0], ids[0]]);
  });
});
