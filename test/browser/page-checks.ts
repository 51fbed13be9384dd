import type { Page } from 'playwright-core';

/** The checks are texts, because they run in the page and this project is compiled without the DOM's types. */
const contrastScript = `(() => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  // WCAG 2.2, relative luminance and contrast ratio
  const luminance = (color) => {
    const [r, g, b] = color.slice(0, 3).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  const backgroundOf = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.data.trim() === '' || element.getClientRects().length === 0) continue;
    const background = backgroundOf(element);
    const ratio = contrast(over(rgba(getComputedStyle(element).color), background), background);
    found.push({ text: node.data.trim().slice(0, 40), ratio });
  }
  return found;
})()`;

/** The contrast of each visible text with its background. */
export const contrasts = (page: Page): Promise<readonly { readonly text: string; readonly ratio: number }[]> =>
  page.evaluate(contrastScript);

/** Elements that reach out of the page to the right without a scrolling element around them. */
export const overflowing = (page: Page): Promise<readonly string[]> =>
  page.evaluate(`(() => {
    const width = document.documentElement.clientWidth;
    const scrolls = (element) => {
      for (let at = element.parentElement; at; at = at.parentElement)
        if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(at).overflowX)) return true;
      return false;
    };
    const wide = [...document.body.querySelectorAll('*')].filter(
      (element) => element.getBoundingClientRect().right > width + 0.5 && !scrolls(element),
    );
    const names = wide.map((element) => element.tagName + '.' + element.getAttribute('class'));
    return document.documentElement.scrollWidth > width ? ['the page', ...names] : names;
  })()`);

/** Opens every closed detail, as a reader would with a click. */
export const openDetails = (page: Page): Promise<unknown> =>
  page.evaluate(`document.querySelectorAll('details').forEach((details) => { details.open = true; })`);
