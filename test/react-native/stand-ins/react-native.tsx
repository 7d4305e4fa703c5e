/** Stands in for React Native where the example is bundled or run: its views as elements of a page. */
import type { ComponentType, ReactNode } from "react";

/** What the example has registered, by name. */
export const registered = new Map<string, ComponentType>();

export const AppRegistry = {
  registerComponent(name: string, provide: () => ComponentType): string {
    registered.set(name, provide());
    return name;
  },
};

export const AppState = {
  currentState: "active",
  addEventListener: () => ({ remove() {} }),
};

interface WithChildren {
  readonly children?: ReactNode;
}

export function View({ children }: WithChildren): ReactNode {
  return <div>{children}</div>;
}

export function Text({ children }: WithChildren): ReactNode {
  return <span>{children}</span>;
}

export function ActivityIndicator(): ReactNode {
  return <progress />;
}

export function Pressable({ onPress, children }: WithChildren & { readonly onPress?: () => void }): ReactNode {
  return (
    <button type="button" onClick={onPress}>
      {children}
    </button>
  );
}

interface TextInputProps {
  readonly accessibilityLabel: string;
  readonly value: string;
  readonly onChangeText: (text: string) => void;
  readonly onSubmitEditing: () => void;
}

export function TextInput({ accessibilityLabel, value, onChangeText, onSubmitEditing }: TextInputProps): ReactNode {
  return (
    <input
      aria-label={accessibilityLabel}
      value={value}
      onChange={({ target }) => onChangeText(target.value)}
      onKeyDown={({ key }) => key === "Enter" && onSubmitEditing()}
    />
  );
}

interface FlatListProps<T> {
  readonly data: readonly T[];
  readonly keyExtractor: (item: T) => string;
  readonly renderItem: (row: { readonly item: T }) => ReactNode;
}

export function FlatList<T>({ data, keyExtractor, renderItem }: FlatListProps<T>): ReactNode {
  return data.map((item) => <div key={keyExtractor(item)}>{renderItem({ item })}</div>);
}
