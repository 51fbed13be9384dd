/** Gives a file to the reader, as a download. Its content is in no address: the blob is forgotten at once. */
export function saveFile(name: string, content: BlobPart, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken the blob by then; one that is slow would find nothing sooner.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
