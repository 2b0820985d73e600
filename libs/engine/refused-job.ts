import type { Rejection } from '#libs/kernel';
import { HopelessJobError } from '#libs/jobs';

/** Why a job's record was refused: for good, or because others only came first, so that the job has to come again. */
export const refusedJob = ({ code, message }: Rejection): Error =>
  code === 'too-busy' ? new Error(`${code}: ${message}`) : new HopelessJobError(`${code}: ${message}`);
