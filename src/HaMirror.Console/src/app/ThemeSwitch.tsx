import { ActionIcon, Menu, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { Icon, type IconName } from '../components/Icon';

const choices: readonly { value: MantineColorScheme; word: string; icon: IconName }[] = [
  { value: 'auto', word: 'As the system', icon: 'screen' },
  { value: 'light', word: 'Light', icon: 'sun' },
  { value: 'dark', word: 'Dark', icon: 'moon' },
];

export function ThemeSwitch() {
  // Without keepTransitions Mantine would write a <style> for the moment of the change.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const now = choices.find(choice => choice.value === colorScheme) ?? choices[0]!;
  return (
    <Menu position="top-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Theme: ${now.word}`}><Icon name={now.icon} /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map(choice => (
          <Menu.Item key={choice.value} leftSection={<Icon name={choice.icon} size={16} />} rightSection={choice.value === colorScheme ? <Icon name="check" size={16} /> : undefined} aria-current={choice.value === colorScheme} onClick={() => setColorScheme(choice.value)}>
            {choice.word}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
