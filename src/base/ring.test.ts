import { expect, test } from "vitest";
import { RingReader, RingWriter, ringBytes } from "./ring.js";

const wakeWord = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

function drain(reader: RingReader): number[] {
  const out: number[] = [];
  const to = reader.published();
  for (let at = reader.consumed(); at !== to; at = (at + 1) | 0) {
    out.push(reader.view.getUint32(reader.offsetOf(at), true));
  }
  reader.consumeTo(to);
  return out;
}

function push(writer: RingWriter, value: number): boolean {
  const at = writer.claim();
  if (at < 0) return false;
  writer.view.setUint32(at, value, true);
  writer.publish(true);
  return true;
}

test("records come out in order and a full ring takes no more", () => {
  const buffer = new SharedArrayBuffer(ringBytes(4));
  const writer = new RingWriter(buffer, wakeWord());
  const reader = new RingReader(buffer);
  expect([1, 2, 3, 4, 5].map((value) => push(writer, value))).toEqual([
    true,
    true,
    true,
    true,
    false,
  ]);
  expect(drain(reader)).toEqual([1, 2, 3, 4]);
  expect(push(writer, 6)).toBe(true);
  expect(drain(reader)).toEqual([6]);
});

test("a claimed record is not seen before it is published", () => {
  const buffer = new SharedArrayBuffer(ringBytes(4));
  const writer = new RingWriter(buffer, wakeWord());
  const reader = new RingReader(buffer);
  writer.view.setUint32(writer.claim(), 9, true);
  expect(drain(reader)).toEqual([]);
  writer.publish(true);
  expect(drain(reader)).toEqual([9]);
});

test.each([0x7fff_fffe, 0xffff_fffe])("counts wrap at %i without losing a record", (start) => {
  const buffer = new SharedArrayBuffer(ringBytes(8));
  const words = new Int32Array(buffer);
  words[0] = start | 0;
  words[16] = start | 0;
  const writer = new RingWriter(buffer, wakeWord());
  const reader = new RingReader(buffer);
  const sent: number[] = [];
  const got: number[] = [];
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 5; i++) if (push(writer, round * 10 + i)) sent.push(round * 10 + i);
    got.push(...drain(reader));
  }
  expect(sent.length).toBe(50);
  expect(got).toEqual(sent);
});

test("publishing counts the wake-up word up only where the consumer shall wake", () => {
  const wake = wakeWord();
  const writer = new RingWriter(new SharedArrayBuffer(ringBytes(4)), wake);
  writer.claim();
  writer.publish(false);
  expect(wake[0]).toBe(0);
  writer.claim();
  writer.publish(true);
  expect(wake[0]).toBe(1);
});

test("each end's records start on a cache line of 128 bytes", () => {
  const buffer = new SharedArrayBuffer(ringBytes(2));
  const writer = new RingWriter(buffer, wakeWord());
  const first = writer.claim();
  writer.publish(false);
  expect([first, writer.claim()]).toEqual([128, 256]);
});
