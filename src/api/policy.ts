/** Who may ask what: every route of the API is in this table, and one that is not is refused to everybody. */
import { type Account, isAtLeast, isOverAll, type Role } from '../accounts/account.js';

/**
 * `anyone` needs no credential; a role is the least that may ask, and sees the things of its domain alone; `of all` is a
 * role over all domains.
 */
export type Permission = 'anyone' | Role | `${Role} of all`;

export const policy: Readonly<Record<string, Permission>> = {
  'GET /health/live': 'anyone',
  'GET /health/ready': 'anyone',
  'GET /metrics': 'viewer of all',
  'GET /api/openapi.json': 'viewer',

  'POST /api/login': 'anyone',
  'POST /api/logout': 'viewer',
  'GET /api/me': 'viewer',
  'PUT /api/me/password': 'viewer',
  'GET /api/audit': 'viewer',
  'GET /api/tokens': 'viewer',
  'POST /api/tokens': 'viewer',
  'DELETE /api/tokens/:token': 'viewer',
  'GET /api/users': 'admin',
  'POST /api/users': 'admin',
  'GET /api/users/:user': 'admin',
  'PATCH /api/users/:user': 'admin',
  'DELETE /api/users/:user': 'admin',
  'POST /api/users/:user/restore': 'admin',
  'GET /api/domains': 'viewer',
  'POST /api/domains': 'admin of all',
  'GET /api/domains/:domain': 'viewer',
  'PATCH /api/domains/:domain': 'admin of all',
  'DELETE /api/domains/:domain': 'admin of all',
  'POST /api/domains/:domain/restore': 'admin of all',

  'GET /api/devices': 'viewer',
  'GET /api/devices/:device': 'viewer',
  'PATCH /api/devices/:device': 'operator',
  'DELETE /api/devices/:device': 'admin',
  'POST /api/devices/:device/restore': 'admin',
  'GET /api/devices/:device/status': 'viewer',
  'GET /api/devices/:device/listed-sensors': 'viewer',
  'GET /api/devices/:device/settings': 'viewer',
  'PUT /api/devices/:device/settings/:name': 'operator',
  'DELETE /api/devices/:device/settings/:name': 'operator',
  'GET /api/devices/:device/commands': 'viewer',
  'POST /api/devices/:device/commands': 'operator',
  'GET /api/devices/:device/commands/:id': 'viewer',
  'DELETE /api/devices/:device/commands/:id': 'operator',
  'GET /api/devices/:device/readings': 'viewer',
  'POST /api/devices/:device/readings': 'operator',
  'DELETE /api/devices/:device/readings': 'admin',
  'DELETE /api/devices/:device/readings/:id': 'admin',
  'GET /api/devices/:device/latest': 'viewer',
  'GET /api/devices/:device/channel-translation': 'viewer',
  'PUT /api/devices/:device/channel-translation': 'admin',
  'DELETE /api/devices/:device/channel-translation': 'admin',

  'GET /api/sensors': 'viewer',
  'POST /api/sensors': 'operator',
  'GET /api/readings': 'viewer',
  'GET /api/latest': 'viewer',
  'GET /api/devices/:device/track': 'viewer',

  'GET /api/search': 'viewer',
  'GET /api/events': 'viewer',
  'GET /api/connections': 'viewer',
  'DELETE /api/connections/:id': 'operator',
  'GET /api/waiting': 'operator of all',
  'POST /api/waiting': 'operator of all',

  'GET /api/firmware': 'operator of all',
  'GET /api/firmware/:name': 'operator of all',
  'PUT /api/firmware/:name': 'admin of all',
  'DELETE /api/firmware/:name': 'admin of all',
  'GET /api/registry': 'admin of all',
  'PUT /api/registry': 'admin of all',
  'DELETE /api/registry': 'admin of all',
};

/** Whether an account may do what a permission asks for. */
export function permits(permission: Permission, account: Account): boolean {
  if (permission === 'anyone') return true;
  const [role, ofAll] = parted(permission);
  return isAtLeast(account.role, role) && (!ofAll || isOverAll(account));
}

function parted(permission: Exclude<Permission, 'anyone'>): [Role, boolean] {
  switch (permission) {
    case 'viewer of all':
      return ['viewer', true];
    case 'operator of all':
      return ['operator', true];
    case 'admin of all':
      return ['admin', true];
    default:
      return [permission, false];
  }
}
