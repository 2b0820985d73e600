/** For dependency-cruiser: `#libs/x` is the source, not what was built of it, so that cycles over libraries are seen. */
const path = require('node:path');

module.exports = {
  resolve: { alias: { '#libs': path.resolve(process.cwd(), 'libs'), '#apps': path.resolve(process.cwd(), 'apps') } },
};
