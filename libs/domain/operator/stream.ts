export const operatorStream = (bin: string) => `operator-${bin}`;
export const operatorCategory = 'operator-';
