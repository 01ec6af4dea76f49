// Node's HTTP: client.mjs LIBRARY METHOD URL DESTINATION TIMEOUT BODYFILE KNOWN-URL
//
// http, fetch, or webdav (the npm package, found through NODE_WEBDAV, the path of its main file). Sends
// one operation, then gets KNOWN-URL with the same agent. Prints JSON: client, status or error, next.
// TIMEOUT in seconds, 0 is none; an empty DESTINATION or BODYFILE is none.
import { readFileSync } from "node:fs";
import http from "node:http";
import { pathToFileURL } from "node:url";

const [library, method, url, destination, seconds, bodyFile, known] = process.argv.slice(2);
const timeout = Number(seconds) * 1000;
const body = bodyFile ? readFileSync(bodyFile) : undefined;
const headers = destination ? { Destination: destination } : {};
const said = {};

function exchange(agent, to, options, content) {
    return new Promise((resolve, reject) => {
        const request = http.request(to, { agent, ...options }, (answer) => {
            let text = "";
            answer.setEncoding("utf8");
            answer.on("data", (piece) => (text += piece));
            answer.on("end", () => resolve({ status: answer.statusCode, text }));
            answer.on("error", reject);
        });
        request.on("timeout", () => request.destroy(new Error("timeout")));
        request.on("error", reject);
        request.end(content);
    });
}

async function withHttp() {
    said.client = "node http " + process.versions.node;
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const length = body ? { "Content-Length": body.length } : {};
    const options = { method, headers: { ...headers, ...length }, timeout };
    said.status = (await exchange(agent, url, options, body)).status;
    said.next = (await exchange(agent, known, {})).text;
    agent.destroy();
}

// The built-in fetch shows its dispatcher only through this symbol, after its first use.
async function withFetch() {
    said.client = `node fetch ${process.versions.node} (undici ${process.versions.undici})`;
    await (await fetch(known)).text();
    const Dispatcher = globalThis[Symbol.for("undici.globalDispatcher.1")].constructor;
    const dispatcher = new Dispatcher(timeout ? { headersTimeout: timeout, bodyTimeout: timeout } : {});
    const answer = await fetch(url, { method, headers, body, dispatcher });
    await answer.text();
    said.status = answer.status;
    said.next = await (await fetch(known, { dispatcher })).text();
}

async function withWebdav() {
    const { createClient } = await import(pathToFileURL(process.env.NODE_WEBDAV));
    said.client = "npm webdav " + process.env.NODE_WEBDAV_VERSION;
    const client = createClient(new URL(url).origin);
    const path = new URL(url).pathname;
    const options = timeout ? { signal: AbortSignal.timeout(timeout) } : {};
    if (method === "COPY") await client.copyFile(path, new URL(destination).pathname, options);
    else if (method === "MOVE") await client.moveFile(path, new URL(destination).pathname, options);
    else if (method === "DELETE") await client.deleteFile(path, options);
    else if (method === "PUT") await client.putFileContents(path, body, options);
    else throw new Error("no " + method);
    said.next = await client.getFileContents(new URL(known).pathname, { format: "text" });
}

try {
    await { http: withHttp, fetch: withFetch, webdav: withWebdav }[library]();
} catch (error) {
    said.error = `${error.name}: ${error.message}${error.cause ? ` (${error.cause.code ?? error.cause.message})` : ""}`;
}
console.log(JSON.stringify(said));
process.exit(0);
