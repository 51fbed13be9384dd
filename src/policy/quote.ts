export { quote, quoteAll } from '../model/quote.js';
