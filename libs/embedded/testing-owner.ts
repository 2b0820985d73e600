import { joinOrStartEmbedded } from './join.js';

// A program that owns or joins the PostgreSQL of the home named as its argument, until its standard input ends.
const server = await joinOrStartEmbedded({ home: process.argv[2]!, durable: false });
process.stdout.write(`${JSON.stringify({ port: server.port, joined: server.joined, pid: process.pid })}\n`);
process.stdin.on('end', () => void server.stop()).resume();
