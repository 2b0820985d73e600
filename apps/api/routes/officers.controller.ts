import { Controller } from '@nestjs/common';
import { Officers } from '../officers.js';
import { Question } from '../routing.js';

@Controller('api/v1/officers')
export class OfficersController {
  constructor(private readonly officers: Officers) {}

  @Question('', {
    action: 'read-officers',
    summary: 'The officers a case can be given to',
    description: 'Accounts of case officers and senior officers that have a key which was not revoked.',
    answer: 'Officers',
    tag: 'cases',
  })
  async list() {
    return { items: await this.officers.list(), next: null };
  }
}
