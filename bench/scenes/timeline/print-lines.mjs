// Prints as many numbered lines as its argument says, as fast as they are read.
const count = Number(process.argv[2]);
const CHUNK = 1000;

for (let next = 0; next < count; next += CHUNK) {
  const lines = [];
  for (let line = next; line < Math.min(count, next + CHUNK); line += 1) {
    lines.push(`${line} the tide stands at ${(line * 37) % 400} cm over chart datum\n`);
  }
  if (!process.stdout.write(lines.join(""))) await new Promise((resolve) => process.stdout.once("drain", resolve));
}
