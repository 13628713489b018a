// A load by users: who they are, how many, and what one user is.
import { byId, make, plural } from "./page.js";

const FEWEST = 10;
const SOON_SECONDS = 10;

// Chosen at first: the locustfile's own classes; all, if it has none.
export function showClasses(classes, changed) {
  const hasOwn = classes.some(({ own }) => own);
  byId("classes").replaceChildren(...classes.map(({ name, profile, about, per_minute: rate, own }) => {
    const input = make("input", { type: "checkbox", name: "user_classes", value: name, checked: own || !hasOwn });
    input.addEventListener("change", changed);
    const kind = rate === null ? "one user is one person (closed model)" : `one user is a stream of ${plural(rounded(rate), "arrival")} a minute (open model)`;
    return make("label", { className: "check" }, input, make("span", {}, make("b", { textContent: profile }), ` ${about} `, make("i", { textContent: kind })));
  }));
}

const rounded = (value) => Math.round(value * 10) / 10;

// Expected arrivals a minute, and persons who are there at once, of so many users; Locust divides them by weight.
function load(classes, users) {
  const weight = classes.reduce((sum, one) => sum + one.weight, 0) || 1;
  return classes.reduce((sum, { per_minute: rate, weight: own }) => {
    const number = (users * own) / weight;
    return rate === null ? { ...sum, people: sum.people + number } : { ...sum, rate: sum.rate + number * rate };
  }, { people: 0, rate: 0 });
}

// The fewest users, at least ten, that show a session within ten seconds: one person, or three arrivals expected by then.
export function enough(classes) {
  for (let users = FEWEST; users <= 1000; users += 1) {
    const { people, rate } = load(classes, users);
    if (people >= 1 || rate * SOON_SECONDS >= 3 * 60) return users;
  }
  return FEWEST;
}

export function describeUsers(classes, users) {
  if (!classes.length || !(users > 0)) return "";
  const { people, rate } = load(classes, users), parts = [];
  if (people) parts.push(`about ${plural(Math.max(1, Math.round(people)), "person", "people")} at once, who open sessions immediately`);
  if (rate) parts.push(`about ${plural(rounded(rate), "arrival")} a minute, one every ${rounded(60 / rate)} s`);
  return `${plural(users, "user")}: ${parts.join(", and ")}. In the open model people arrive whatever became of those before them: one user is a stream of arrivals, not one person.`;
}
