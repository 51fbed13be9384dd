import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../helpers/free-ports.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

/** A proxy on loopback, before one service. It keeps one connection to it, which all its clients share. */
export interface Proxy {
  readonly address: string;
  stop(): Promise<void>;
}

export const proxyNames = ['nginx', 'haproxy'] as const;
export type ProxyName = (typeof proxyNames)[number];

/**
 * Starts a proxy before `service`, whose certificate it checks where that is https. It answers 403 for `deniedPath`.
 * `certificateFile`: PEM.
 */
export async function startProxy(
  name: ProxyName,
  service: string,
  deniedPath: string,
  certificateFile: string,
): Promise<Proxy> {
  const directory = temporaryDirectory();
  const port = await freePort();
  const file = join(directory.path, 'proxy.conf');
  const target = { port, service: new URL(service), deniedPath, certificateFile, directory: directory.path };
  writeFileSync(file, name === 'nginx' ? nginxConfiguration(target) : haproxyConfiguration(target));
  const child =
    name === 'nginx'
      ? spawn('nginx', ['-p', directory.path, '-c', file, '-e', 'stderr'], { stdio: ['ignore', 'inherit', 'inherit'] })
      : spawn('haproxy', ['-db', '-q', '-f', file], { stdio: ['ignore', 'inherit', 'inherit'] });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    directory.remove();
  };
  const end = Date.now() + 30_000;
  while (!(await accepts(port))) {
    if (Date.now() > end) throw new Error(`${name} does not start`);
    await sleep(50);
  }
  return { address: `http://127.0.0.1:${String(port)}`, stop };
}

interface Target {
  readonly port: number;
  readonly service: URL;
  readonly deniedPath: string;
  readonly certificateFile: string;
  readonly directory: string;
}

const nginxConfiguration = ({ port, service, deniedPath, certificateFile, directory }: Target) => `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr crit;
events { worker_connections 256; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${directory}/${what};`).join(' ')}
  upstream kubepass {
    server ${service.host};
    keepalive 1;
  }
  server {
    listen 127.0.0.1:${String(port)};
    location ${deniedPath} { return 403; }
    location / {
      proxy_pass ${service.protocol}//kubepass;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_ssl_trusted_certificate ${certificateFile};
      proxy_ssl_verify ${service.protocol === 'https:' ? 'on' : 'off'};
      proxy_ssl_name localhost;
      proxy_request_buffering off;
    }
  }
}
`;

const haproxyConfiguration = ({ port, service, deniedPath, certificateFile }: Target) => `
global
  maxconn 256
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout queue 60s
frontend clients
  bind 127.0.0.1:${String(port)}
  http-request deny deny_status 403 if { path_beg ${deniedPath} }
  default_backend kubepass
backend kubepass
  http-reuse always
  server one ${service.host} maxconn 1 pool-max-conn 1 ${
    service.protocol === 'https:' ? `ssl verify required verifyhost localhost ca-file ${certificateFile}` : ''
  }
`;

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
