/** The library's arithmetic: no server, no browser. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { PlayQueue, Resampler } from "../aura.js";

const tone = (hz, rate, seconds) => Float32Array.from({ length: rate * seconds }, (_, k) => 0.5 * Math.sin((2 * Math.PI * hz * k) / rate));
const loud = (samples) => Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
const db = (of, to) => 20 * Math.log10(Math.max(1e-9, of / to));
const middle = (samples) => samples.subarray(samples.length >> 2, (3 * samples.length) >> 2);

for (const rate of [8000, 16000, 22050, 44100, 48000, 96000]) {
  test(`a microphone of ${rate} Hz keeps speech and lets nothing fold back`, () => {
    const passed = new Resampler(rate, 16000).process(tone(1000, rate, 1));
    assert.ok(Math.abs(passed.length - 16000) < 80, `${passed.length} samples`);
    assert.ok(Math.abs(db(loud(middle(passed)), 0.5 / Math.SQRT2)) < 0.1);
    if (rate > 16000) {
      const folded = new Resampler(rate, 16000).process(tone(9500, rate, 1));
      assert.ok(db(loud(middle(folded)), 0.5 / Math.SQRT2) < -60, "9.5 kHz must not be heard as 6.5");
    }
  });
}

test("a stream in pieces is the stream as a whole, to the sample", () => {
  const whole = tone(440, 44100, 0.5), expected = new Resampler(44100, 16000).process(whole), pieces = new Resampler(44100, 16000), got = [];
  for (let at = 0, size = 1; at < whole.length; at += size, size = (size * 7) % 997) got.push(...pieces.process(whole.subarray(at, at + size)));
  assert.equal(got.length, expected.length);
  got.forEach((one, k) => assert.ok(Math.abs(one - expected[k]) < 1e-6));
});

function speaker() {
  const told = [];
  return { queue: new PlayQueue(16000, (one) => told.push(one)), told };
}
const pcm = (samples) => Int16Array.from(samples, (one) => one * 32767);
const pull = (queue, count) => {
  const out = new Float32Array(count);
  queue.pull(out);
  return out;
};
const steepest = (samples) => samples.reduce((most, one, k) => Math.max(most, k ? Math.abs(one - samples[k - 1]) : 0), 0);

test("pieces are played without a gap, and each is told when its first sample is", () => {
  const { queue, told } = speaker(), sound = tone(300, 16000, 0.3);
  queue.push(pcm(sound.subarray(0, 1600)), 1);
  queue.push(pcm(sound.subarray(1600)), 2);
  const out = pull(queue, 4700), rise = steepest(sound);
  assert.deepEqual(told.filter((one) => one.mark).map((one) => one.mark), [1, 2]);
  assert.ok(steepest(out) < rise * 1.1, "no click at the seam");
});

test("what stops or runs dry fades instead of clicking, and a cleared queue is silent", () => {
  const { queue, told } = speaker();
  queue.push(pcm(tone(300, 16000, 0.5)), 1);
  const before = pull(queue, 1111);
  queue.clear();
  const after = pull(queue, 800);
  assert.ok(Math.abs(after[0] - before.at(-1)) < 0.05);
  assert.ok(loud(after.subarray(480)) < 1e-4, "silent 30 ms later");
  assert.ok(told.some((one) => one.cleared));
  queue.push(pcm(tone(300, 16000, 0.1)), 2);
  assert.ok(loud(pull(queue, 800)) > 0.1, "and plays again");
});
