// An element of the page, or of a drawing ("svg:…"). Whatever is in it is text.
function element(tag, attributes = {}, ...children) {
  const isDrawn = tag.startsWith("svg:");
  const made = isDrawn ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
