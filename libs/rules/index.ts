export { defaultRuleSetId, loadRules, rulesDataDir, type LoadRulesOptions, type RulesCatalogue } from './catalogue.js';
export { RulesDataError } from './shape.js';
export { inForceOn } from '#libs/domain';
