// What the Prometheus Operator's types find wrong with manifests: node operator.mjs PACKAGES
// reads a list of them from its input, and writes a list of mistakes for each.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const TYPES =
  "@kubernetes-models/prometheus-operator/_schemas/" +
  "ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoring";
const packages = process.argv[2];

async function validator(apiVersion, kind) {
  const version = apiVersion.split("/")[1].replace("v", "V");
  const file = join(packages, `${TYPES}${version}${kind}.js`);
  return (await import(pathToFileURL(file))).validate;
}

// Validators pass over fields that they do not know, which an API server does not. They look at
// each that they know, there or not, and at none of an object that may hold anything: so a field
// is unknown that nobody looked at in an object in which somebody looked at others.
function watched(object, looked) {
  const stands = new Map();
  const stand = (value) => {
    if (value === null || typeof value !== "object") return value;
    if (!stands.has(value)) {
      const fields = new Set();
      const get = (target, field) => {
        looked.set(target, fields.add(field));
        return stand(target[field]);
      };
      stands.set(value, new Proxy(value, { get }));
    }
    return stands.get(value);
  };
  return stand(object);
}

// The one field that validators leave out of what their types know: whoever made them takes it for
// the description of a schema.
const LEFT_OUT = /\/(opsgenie|pagerduty)Configs\/\d+\/description$/;

// Validators also take null for what may be left out, which an API server does not.
function unknown(value, looked, path) {
  const fields = looked.get(value);
  if (fields === undefined) return [];
  return Object.entries(value).flatMap(([field, inner]) => {
    const place = `${path}/${field}`;
    if (LEFT_OUT.test(place))
      return inner && typeof inner === "string" ? [] : [`${place}: no text`];
    if (!fields.has(field)) return [`${place}: unknown field`];
    return inner === null ? [`${place}: null`] : unknown(inner, looked, place);
  });
}

function mistakes(validate, value, path = "") {
  const looked = new Map();
  validate(watched(value, looked));
  const said = (validate.errors ?? []).map(
    ({ instancePath, keyword, params }) =>
      `${path}${instancePath}: ${keyword} ${JSON.stringify(Object.values(params))}`,
  );
  return [...said, ...unknown(value, looked, path)];
}

// To the API server, a route's own routes may be anything; the operator reads them as routes.
function mistakesOfRoutes(validate, routes, path) {
  if (!Array.isArray(routes)) return [];
  return routes.flatMap((route, index) => {
    const place = `${path}/${index}`;
    return [
      ...mistakes(validate, route, place),
      ...mistakesOfRoutes(validate, route?.routes, `${place}/routes`),
    ];
  });
}

async function mistakesOf(manifest) {
  const { apiVersion, kind, spec } = manifest;
  const found = mistakes(await validator(apiVersion, kind), manifest);
  if (kind !== "AlertmanagerConfig") return found;
  const route = await validator(apiVersion, "Route");
  return [...found, ...mistakesOfRoutes(route, spec?.route?.routes, "/spec/route/routes")];
}

const manifests = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(await Promise.all(manifests.map(mistakesOf))));
