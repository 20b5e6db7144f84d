import { realpathSync } from 'node:fs';
import { MoError } from '../core/problem.ts';
import type { HostPlace } from '../hosts/host.ts';
import { dataFolder, homeFolder } from '../platform/data-folder.ts';
import { packageRoot } from '../platform/package-root.ts';
import type { OperationContext } from './context.ts';

type PlaceContext = Pick<
  OperationContext,
  'env' | 'version' | 'clock' | 'signal' | 'project' | 'folder'
>;

/** Where this mo would install itself. */
export async function hostPlace(context: PlaceContext): Promise<HostPlace> {
  return {
    env: context.env,
    home: homeFolder(context.env),
    project: await projectRoot(context),
    data: dataFolder(context.env),
    package: realpathSync(packageRoot()),
    node: process.execPath,
    version: context.version,
    stamp: new Date(context.clock.now()).toISOString().replaceAll(/[-:.]/g, ''),
    signal: context.signal,
  };
}

/** Without git, or with one that is too old, hosts can be set up all the same. */
async function projectRoot({ project, folder }: PlaceContext): Promise<string> {
  try {
    return (await project()).root;
  } catch (error) {
    if (error instanceof MoError) return folder;
    throw error;
  }
}
