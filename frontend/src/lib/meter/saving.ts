/** A drawing of the page as a file of its own: the colours of the moment, written out. */
export function drawing(svg: SVGSVGElement): string {
	const copy = svg.cloneNode(true) as SVGSVGElement;
	const { width, height } = svg.getBoundingClientRect();
	copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
	copy.setAttribute('width', String(Math.round(width)));
	copy.setAttribute('height', String(Math.round(height)));
	const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
	paper.setAttribute('width', '100%');
	paper.setAttribute('height', '100%');
	paper.setAttribute('fill', 'var(--card)');
	copy.prepend(paper);
	const text = new XMLSerializer().serializeToString(copy);
	const shown = new Map<string, string>();
	return text.replace(/var\((--[a-z0-9-]+)\)/g, (whole, name: string) => {
		if (!shown.has(name)) shown.set(name, colour(whole));
		return shown.get(name) ?? whole;
	});
}

function colour(value: string): string {
	const probe = document.createElement('span');
	probe.style.color = value;
	document.body.append(probe);
	const shown = getComputedStyle(probe).color;
	probe.remove();
	return shown;
}

const SHARPNESS = 2;

export async function picture(svg: SVGSVGElement): Promise<Blob> {
	const image = new Image();
	image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing(svg))}`;
	await image.decode();
	const canvas = document.createElement('canvas');
	canvas.width = image.width * SHARPNESS;
	canvas.height = image.height * SHARPNESS;
	canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
	return new Promise((resolve, reject) =>
		canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('No picture.'))), 'image/png')
	);
}

export function save(content: Blob, name: string): void {
	const link = document.createElement('a');
	link.href = URL.createObjectURL(content);
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
