import { Menu, UnstyledButton } from '@mantine/core';
import { Icon } from '../components/Icon';
import { logOut, sessionEnded, useSession } from './session';
import classes from './UserMenu.module.css';

/** Who is logged in, and the way out. */
export function UserMenu() {
  const session = useSession(state => state.session);
  if (!session) return null;
  return (
    <Menu position="top-start">
      <Menu.Target>
        <UnstyledButton className={classes.user}>
          <Icon name="user" />
          <span className={classes.text}>
            <span className={classes.name}>{session.name}</span>
            <span className={classes.role}><span className="unseen">, role </span>{session.role}<span className="unseen">: open the user's menu</span></span>
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Icon name="leave" size={16} />} onClick={() => { logOut().catch(sessionEnded); }}>Log out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
