import { InvalidArgumentError } from 'commander';

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('It takes a whole number above 0.');
}

export function countFromZero(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && text.trim() !== '') return number;
  throw new InvalidArgumentError('It takes a whole number, 0 or more.');
}

export function amount(text: string): number {
  const number = Number(text.replace(/^\$/, ''));
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('It takes an amount in US dollars above 0, such as 2.50.');
}
