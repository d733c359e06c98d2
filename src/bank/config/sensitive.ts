/**
 * What must never be told of anybody, whatever the size of the group: a crowd hides who somebody
 * is, not what its members have in common, and a click tells that to the page that it leads to. The
 * words are those of names, labels and categories; a segment without any of them can be marked
 * `sensitive: true`.
 *
 * There is no way round a word: a segment that means something else by it needs another name.
 */
export const sensitiveTopics = [
  ...(["health", "faith", "sex life", "ethnicity", "politics", "unions", "children"] as const),
] as const;
export type SensitiveTopic = (typeof sensitiveTopics)[number];

/** Single words, in the singular. */
const words: Readonly<Record<SensitiveTopic, string>> = {
  health: `abortion addict addiction adhd aids alcoholic alcoholism allergy allergic alzheimer
    anorexia antidepressant anxiety arthritis asthma autism autistic bulimia cancer chemotherapy
    clinic contraception contraceptive dementia depressed depression diabete diabetic diagnosis
    dialysis disability disabled disease disorder drug epilepsy fertility health healthcare hiv
    hospital illness impotence incontinence infertility insomnia insulin ivf medical medication
    medicine menopause mental migraine obese obesity oncology parkinson patient pharmacy pregnancy
    pregnant prescription psychiatric psychiatry psychotherapy rehab schizophrenia std suicidal
    suicide surgery symptom syndrome therapy tumor tumour vaccine vaccination wheelchair`,
  faith: `agnostic anglican atheist baptism baptist bible buddhism buddhist catholic christian
    christianity church evangelical faith gospel hajj halal hindu hinduism islam islamic jew jewish
    judaism koran kosher lutheran mormon mosque muslim orthodox pilgrimage prayer protestant quran
    rabbi ramadan religion religious sikh sikhism spiritual synagogue torah umrah worship`,
  "sex life": `bisexual erotic erotica escort fetish gay grindr heterosexual homosexual lesbian lgbt
    lgbtq nonbinary polyamory porn pornography prostitute queer sex sexual sexuality swinger
    transgender transsexual`,
  ethnicity: `aboriginal caste dalit ethnic ethnicity hispanic immigrant indigenous latina latino
    latinx migrant multiracial nationality racial refugee tibetan uighur uyghur`,
  politics: `activist brexit communist conservative democrat election electoral leftist libertarian
    partisan political politic populist protester republican socialist voter voting`,
  unions: "unionised unionist unionized",
  children: `adolescent child childhood children juvenile kid kindergarten minor preschool pupil
    schoolboy schoolchild schoolchildren schoolgirl teen teenage teenager toddler underage`,
};

const phrases: Readonly<Partial<Record<SensitiveTopic, readonly string[]>>> = {
  health: ["hearing aid", "weight loss", "blood pressure", "eating disorder"],
  "sex life": ["sexual orientation"],
  ethnicity: ["african american", "asian american", "native american", "skin colour"],
  politics: ["left wing", "right wing", "party member"],
  unions: ["labor union", "labour union", "trade union", "union member"],
};

const topicOfWord = new Map<string, SensitiveTopic>(
  sensitiveTopics.flatMap((topic) =>
    words[topic].split(/\s+/).map((word): [string, SensitiveTopic] => [word, topic]),
  ),
);

const plurals: readonly (readonly [ending: string, singular: string])[] = [
  ...[["", ""] as const, ["s", ""] as const, ["es", ""] as const, ["ies", "y"] as const],
];

/** A word as it stands, and as what it may be the plural of. */
const readings = (word: string): readonly string[] =>
  plurals.flatMap(([ending, one]) =>
    word.endsWith(ending) ? word.slice(0, word.length - ending.length) + one : [],
  );

const withoutS = (text: string): string => text.replace(/s(?= |$)/g, "");

/** What a name, label or category tells that must not leave the bank; null = nothing known. */
export function sensitiveTopicOf(text: string): SensitiveTopic | null {
  const found = text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
  for (const word of found) {
    const reading = readings(word).find((one) => topicOfWord.has(one));
    if (reading !== undefined) return topicOfWord.get(reading)!;
  }
  const line = ` ${withoutS(found.join(" "))} `;
  for (const topic of sensitiveTopics) {
    if (phrases[topic]?.some((phrase) => line.includes(` ${withoutS(phrase)} `))) return topic;
  }
  return null;
}
